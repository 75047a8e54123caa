# $
from datetime import timedelta

from sacred.observers.base import RunObserver, td_format

for seconds in (0, 0.4, 1, 2, 61, 3600, 3661, 86400, 90061, 2592000, 31536000, 34218061):
    print(td_format(timedelta(seconds=seconds)))
base = RunObserver()
print(base.priority, base.join(), base.resource_event("x"), base.artifact_event("n", "f"))
print(base.log_metrics({}, {}), base.heartbeat_event({}, "", None, None), base.completed_event(None, 1))
print(base.started_event({}, "c", {}, None, {}, {}, 5), base.queued_event({}, "c", {}, None, {}, {}, 5))
print(base.interrupted_event(None, "S"), base.failed_event(None, []))
