"""The command line. What it imports is not looked for in the working directory."""

from wwtool.base.search_paths import leave_out_working_directory

leave_out_working_directory()
