"""What can go wrong with the local cluster, always told with its remedy."""


class ClusterError(Exception):
    """The cluster cannot do what was asked: what happened, what to do, and how the command shall exit.

    ``exit_code`` is 3 when the bus cannot be reached and 2 when the cluster was asked wrongly.
    """

    def __init__(self, problem: str, remedy: str, *, exit_code: int = 3) -> None:
        super().__init__(f"{problem}\n{remedy}")
        self.problem = problem
        self.remedy = remedy
        self.exit_code = exit_code


class PortTakenError(ClusterError):
    """Another program listens on a port that a broker needs."""


class FetchError(ClusterError):
    """A jar cannot be fetched, or is not the jar that was locked."""


class DiskFullError(ClusterError):
    """There is too little room for the jars or the data."""


class JavaError(ClusterError):
    """Java cannot be run, or it stopped before the broker listened."""


class StartDeadlineError(ClusterError):
    """The broker runs but did not answer in time."""


class AlreadyRunningError(ClusterError):
    """Another process keeps a cluster in this folder."""


class OtherDataError(ClusterError):
    """The folder holds the data of another cluster: more or fewer brokers, or a newer Kafka."""
