# $
import sacred.optional as opt
from sacred.optional import modules_exist, np, optional_import
from sacred.utils import (
    get_inheritors,
    get_package_version,
    module_exists,
    module_is_in_cache,
    optional_kwargs_decorator,
    parse_version,
)

print(opt.has_numpy, np.arange(2).tolist(), opt.np is np)
print(optional_import("nothing_like_this"), optional_import("json")[0], optional_import("json", "nothing_here"))
print(modules_exist("json", "os"), modules_exist("json", "nothing_like_this"), module_exists("json"))
print(module_is_in_cache("numpy"), module_is_in_cache("nothing_like_this"))
print(get_package_version("numpy") > parse_version("1.0"), parse_version("1.10") > parse_version("1.9"))


class Base:
    pass


class One(Base):
    pass


class Two(One):
    pass


print(sorted(cls.__name__ for cls in get_inheritors(Base)))


@optional_kwargs_decorator
def decorator(func, word="none"):
    func.word = word
    return func


@decorator
def bare():
    pass


@decorator(word="given")
def given():
    pass


print(bare.word, given.word)
