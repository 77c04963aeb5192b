"""Other servers that push the same readings, to be measured beside ours."""
