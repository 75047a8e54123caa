# $
from sacred import SETTINGS
from sacred.settings import SETTINGS as SAME
from sacred.settings import SettingError

print(SETTINGS is SAME, SETTINGS["CONFIG"]["READ_ONLY_CONFIG"], SETTINGS.CONFIG.READ_ONLY_CONFIG)
for kind, action in (
    (AttributeError, lambda: SETTINGS.UNKNOWN),
    (SettingError, lambda: SETTINGS.__setitem__("UNKNOWN", 1)),
    (SettingError, lambda: setattr(SETTINGS, "UNKNOWN", 1)),
    (SettingError, lambda: setattr(SETTINGS.CONFIG, "UNKNOWN", 1)),
    (SettingError, lambda: setattr(SETTINGS, "CONFIG", 5)),
    (KeyError, lambda: SETTINGS["NO"]),
):
    try:
        action()
        print("fine")
    except kind:
        print(kind.__name__)
SETTINGS.CAPTURE_MODE = "no"
SETTINGS["CONFIG"]["READ_ONLY_CONFIG"] = False
SETTINGS.DISCOVER_SOURCES = "none"
print(SETTINGS.CAPTURE_MODE, SETTINGS.CONFIG.READ_ONLY_CONFIG, SETTINGS["DISCOVER_SOURCES"])
print(SETTINGS.HOST_INFO.CAPTURED_ENV, SETTINGS.CONFIG.ENFORCE_KEYS_NO_EQUALS, SETTINGS.COMMAND_LINE.STRICT_PARSING)
