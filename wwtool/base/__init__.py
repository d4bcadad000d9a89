"""Files, folders, processes, YAML and text: what every room stands on."""
