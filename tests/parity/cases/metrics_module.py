# $
from datetime import datetime

import numpy as np
from sacred.metrics_logger import MetricsLogger, ScalarMetricLogEntry, linearize_metrics

logger = MetricsLogger()
logger.log_scalar_metric("a", 1)
logger.log_scalar_metric("b", np.float64(2.5), 10)
logger.log_scalar_metric("a", 3)
logger.log_scalar_metric("b", 4, np.int32(12))
entries = logger.get_last_metrics()
print([(entry.name, entry.step, entry.value, type(entry.value).__name__) for entry in entries])
print(logger.get_last_metrics())
logger.log_scalar_metric("a", 9)
print([(entry.name, entry.step) for entry in logger.get_last_metrics()])
time = datetime(2020, 1, 2)
lines = linearize_metrics([ScalarMetricLogEntry("m", 0, time, 1), ScalarMetricLogEntry("m", 5, time, 2)])
print({name: {key: metric[key] for key in sorted(metric)} for name, metric in lines.items()})
print(linearize_metrics([]))
