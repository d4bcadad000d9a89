"""One lowering for each operator: checks its tensors, then gives the kernel calls that compute it."""
