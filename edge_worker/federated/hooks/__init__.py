"""Code in a proposal: whole functions, put into a template and run in the sandbox alone."""
