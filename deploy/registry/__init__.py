"""The schema registry: the real Apicurio Registry on this machine, and any registry through its Confluent API."""

from deploy.registry.ids import RegistryIds, registry_at

__all__ = ["RegistryIds", "registry_at"]
