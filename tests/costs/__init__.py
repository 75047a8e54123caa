"""What things cost, in counts that do not depend on the machine: calls, modules, system calls, bytes, round trips.

The times are in docs/performance.md (`make bench`); these tests keep what they rest on. A limit is what was counted when it
was written, with a little room where threads take part. To raise one is a decision, not a repair.
"""
