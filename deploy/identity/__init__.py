"""Who asks the gateway: tokens of an OpenID Connect provider, certificates, and a provider for this machine alone."""
