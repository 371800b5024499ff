"""lockgate.yml: its schema (`schema`), its hostile-input reader (`yaml_lines`), its loader (`load`)."""
