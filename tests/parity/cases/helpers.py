# $
from sacred import utils
from sacred.utils import (
    apply_backspaces_and_linefeeds,
    convert_camel_case_to_snake_case,
    convert_to_nested_dict,
    get_by_dotted_path,
    is_prefix,
    iter_prefixes,
    iterate_flattened,
    iterate_flattened_separately,
    join_paths,
    recursive_update,
    rel_path,
    set_by_dotted_path,
)

for text in ("", "\b", "\r", "\r\n", "ab\bc", "\ba", "ab\nc\b\bd", "abc\rdef", "abc\r", "abc\rd", "abc\ndef\r\rg"):
    print(repr(apply_backspaces_and_linefeeds(text)))
for name in ("HTTPResponseCode", "getHTTPResponseCode", "Camel2Camel2Case", "CamelCase", "x"):
    print(convert_camel_case_to_snake_case(name))
d = {"b": 1, "a": {"c": 2, "d": {}}, "z": {"y": {"x": None}}}
print(list(iterate_flattened(d)))
print([path for path, _ in iterate_flattened_separately(d, ["z", "b"])])
print(convert_to_nested_dict({"a.b": 1, "a": {"c": 2}, "d.e.f": {"g.h": 3}}))
print(get_by_dotted_path(d, "a.c"), get_by_dotted_path(d, "a.x", 5), get_by_dotted_path(d, "") == d)
set_by_dotted_path(d, "n.m.o", 7)
print(d["n"], list(iter_prefixes("a.b.c")), join_paths("a", "", "b.", ".c", 5))
print(is_prefix("", "a"), is_prefix("a", "a.b"), is_prefix("a", "a"), is_prefix("a", "ab"))
print(repr(rel_path("a", "a.b.c")), repr(rel_path("a", "a")), recursive_update({"a": {"b": 1}}, {"a": {"c": 2}}))
