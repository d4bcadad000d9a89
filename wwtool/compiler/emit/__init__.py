"""C text: names, literals, declarations, and the templates that hold them."""
