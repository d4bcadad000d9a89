"""A graph to C99: lower it to kernel calls, choose faster kernels, lay out memory, write text."""
