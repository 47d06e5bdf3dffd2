"""What Prometheus and Grafana are given: alert rules and a dashboard, made from the tables of alarms and metrics."""
