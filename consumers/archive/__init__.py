"""The archive: what was delivered to each desk, kept in a database, found again by that desk and by nobody else."""
