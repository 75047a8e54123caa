"""An experiment that is imported and run from code, with another value.

Run:    python -m hallow.as_sacred examples/sacred/run_hello.py
Prints: Hello awesome!
        COMPLETED awesome
"""

from hello_config import ex

run = ex.run(config_updates={"recipient": "awesome"})
print(run.status, run.config["recipient"])
