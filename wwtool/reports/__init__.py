"""Pages and charts: the only home of HTML."""
