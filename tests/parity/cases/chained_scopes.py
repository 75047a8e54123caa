# $
from sacred.config import ConfigDict, ConfigScope, chain_evaluate_config_scopes


@ConfigScope
def first():
    a = 1
    d = {"x": 1}


@ConfigScope
def second(a, d):
    b = a + 1
    d["y"] = b


final, summary = chain_evaluate_config_scopes([first, second], fixed={"a": 5})
print(final, sorted(summary.added), sorted(summary.modified), summary.typechanged)
final, summary = chain_evaluate_config_scopes([first, ConfigDict({"c": 3}), second], preset={"p": 0})
print(final, sorted(summary.added), sorted(summary.modified))
print(chain_evaluate_config_scopes([])[0])
result = first(fixed={"d": {"x": 7}, "n": 1}, preset={"q": 2}, fallback={"seed": 3})
print(result, sorted(result.added), sorted(result.modified), type(result).__name__)
try:
    second()
except KeyError:
    print("KeyError")
for bad in ({"a.b": 1}, {1: 2}, {"": 1}):
    try:
        print(ConfigDict(bad)())
    except KeyError:
        print("KeyError", list(bad))
    except Exception as error:
        print("other", type(error).__name__)
