# $
# needs pymongo
# new keys of documents inside lists are made storable as well
#   1 - out| {'a': 1, 'b,c': {'@d': [1, 'x', None, 2.5, {'e.f': True}]}, 's': 'text'}
#   1 + out| {'a': 1, 'b,c': {'@d': [1, 'x', None, 2.5, {'e,f': True}]}, 's': 'text'}
from sacred.observers.mongo import (
    DEFAULT_MONGO_PRIORITY,
    force_bson_encodeable,
    force_valid_bson_key,
    parse_mongo_db_arg,
)

for text in ("foo", "foo.bar", "localhost:28017", "h.org:28017:foo.bar!17", "foo!-5", "h:1:foo.bar:12!3", "foo.bar:12"):
    found = parse_mongo_db_arg(text)
    print(text, {key: found[key] for key in sorted(found) if found[key] is not None})
for key in ("a", "a.b", "$a", "", "a$b", 5):
    print(repr(force_valid_bson_key(key)))
print(force_bson_encodeable({"a": 1, "b.c": {"$d": [1, "x", None, 2.5, {"e.f": True}]}, "s": "text"}))
print(type(force_bson_encodeable(object())).__name__, DEFAULT_MONGO_PRIORITY)
