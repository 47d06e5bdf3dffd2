"""``python -m deploy.cli``: the command line, for processes that start it with the Python that runs them."""

from deploy.cli.main import main

if __name__ == "__main__":
    main()
