# $
from sacred import utils
from sacred.settings import SettingError

names = ["CircularDependencyError", "ConfigError", "InvalidConfigError", "ConfigAddedError", "MissingConfigError"]
names += [
    "NamedConfigNotFoundError",
    "SignatureError",
    "SacredError",
    "SacredInterrupt",
    "TimeoutInterrupt",
    "ObserverError",
]
for name in names:
    cls = getattr(utils, name)
    print(name, issubclass(cls, utils.SacredError), issubclass(cls, TypeError), issubclass(cls, Exception))
print(issubclass(SettingError, utils.SacredError))
try:
    utils.SacredError("x", filter_traceback="sometimes")
except ValueError:
    print("ValueError")
error = utils.SacredError("text", print_traceback=False, filter_traceback="never", print_usage=True)
print(error, error.print_traceback, error.filter_traceback, error.print_usage)
print(utils.MissingConfigError("text:", missing_configs=["a", "b"]))
print(utils.ConfigError("text", conflicting_configs="a.b", config={"a": {"b": 3}}))
print(utils.ConfigError("text", conflicting_configs=("a", "b"), config={"a": 1, "b": "x"}))
print(utils.ConfigError("text", conflicting_configs=("a",), print_conflicting_configs=False))
print(utils.ConfigAddedError.SPECIAL_ARGS == {"_log", "_config", "_seed", "__doc__", "config_filename", "_run"})
print(utils.SacredInterrupt.STATUS, utils.TimeoutInterrupt.STATUS)
try:
    try:
        raise ValueError("inner")
    except ValueError:
        raise KeyError("outer")
except KeyError:
    text = utils.format_filtered_stacktrace()
    print(text.count("Traceback"), "WITHOUT" in text, "inner" in text, text.strip().splitlines()[-1])
    utils.print_filtered_stacktrace()
    text = utils.format_filtered_stacktrace("never")
    print(text.strip().splitlines()[-1])
try:
    raise utils.SacredError("message", print_traceback=False, print_usage=True)
except utils.SacredError as error:
    print(utils.format_sacred_error(error, "Usage: short").strip())
for argv in ("prog a 'b c'", ["prog", "x"], ("prog", "y"), 5, ["prog", 5]):
    try:
        print(utils.ensure_wellformed_argv(argv))
    except ValueError:
        print("ValueError")
