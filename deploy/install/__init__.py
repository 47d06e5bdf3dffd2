"""What an authority's operations install: secrets and settings for containers, resources for Kubernetes, users."""
