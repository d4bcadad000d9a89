"""Whether a clip says the phrase: acoustic models, one file each, and a registry of them."""
