"""Models: the zoo of architectures as plain data, and the float network and integer model made from each."""
