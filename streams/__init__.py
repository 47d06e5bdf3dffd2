"""What happens to an event between publish and delivery: core decides, rules are data, engine acts."""
