from sacred import SETTINGS

print(SETTINGS.CONFIG.READ_ONLY_CONFIG, SETTINGS["CONFIG"]["ENFORCE_KEYS_NO_EQUALS"], SETTINGS.CAPTURE_MODE)
print(SETTINGS.CONFIG.IGNORED_COMMENTS, SETTINGS.HOST_INFO.CAPTURED_ENV, SETTINGS.DEFAULT_BEAT_INTERVAL)
print(SETTINGS.DISCOVER_SOURCES, SETTINGS.DISCOVER_DEPENDENCIES, SETTINGS.COMMAND_LINE.STRICT_PARSING)
print(SETTINGS.CONFIG.NUMPY_RANDOM_LEGACY_API, SETTINGS.COMMAND_LINE.SHOW_DISABLED_OPTIONS)


def attempt(text, function, kind):
    try:
        function()
        print(text, "fine")
    except Exception as error:
        print(text, isinstance(error, kind))


attempt("read", lambda: SETTINGS.NOPE, AttributeError)
attempt("read item", lambda: SETTINGS["NOPE"], KeyError)
attempt("write", lambda: setattr(SETTINGS, "NOPE", 1), Exception)
attempt("write deep", lambda: SETTINGS.CONFIG.__setitem__("NOPE", 1), Exception)
attempt("group", lambda: setattr(SETTINGS, "CONFIG", 5), Exception)
attempt("write good", lambda: setattr(SETTINGS.CONFIG, "READ_ONLY_CONFIG", False), Exception)
print(SETTINGS.CONFIG.READ_ONLY_CONFIG)
