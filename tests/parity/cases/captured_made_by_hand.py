# $
# text a signature is shown as it was written
#   1 - out| ['a', 'b'] {'c': 3, 'e': 5} function(a, b, *args, c=3, e=5, **kwargs)
#   1 + out| ['a', 'b'] {'c': 3, 'e': 5} function(a, b, c=3, *args, d, e=5, **kwargs)
from sacred.config.captured_function import create_captured_function
from sacred.config.signature import Signature
from sacred.utils import MissingConfigError, SignatureError


def function(a, b, c=3, *args, d, e=5, **kwargs):
    return a, b, c, args, d, e, kwargs


signature = Signature(function)
print(signature.name, signature.arguments, signature.vararg_name, signature.kw_wildcard_name)
print(signature.positional_args, dict(signature.kwargs), str(signature))
print(signature.get_free_parameters([1], {"d": 4}), signature.get_free_parameters([], {}, bound=True))
print(signature.construct_arguments((1,), {"d": 4}, {"b": 2, "e": 9}))
for args, kwargs, options in (((), {}, {}), ((1,), {"a": 2}, {}), ((1, 2), {}, {"d": 1})):
    try:
        print(signature.construct_arguments(args, kwargs, options))
    except (MissingConfigError, SignatureError) as error:
        print(type(error).__name__, error)
simple = Signature(lambda x, y=1: None)
for args, kwargs in (((1, 2, 3), {}), ((), {"z": 1})):
    try:
        print(simple.construct_arguments(args, kwargs, {}))
    except TypeError as error:
        print(type(error).__name__, error)


@create_captured_function
def hand(a, b=2, _log=None, _run=None):
    return a, b, _log, _run


print(hand.config, hand.prefix, hand.uses_randomness, hand.logger, hand.rnd)
hand.config = {"a": 5, "b": 6, "unused": 1}
print(hand(), hand(1), hand(b=0))
prefixed = create_captured_function(lambda x: x, prefix="p")
print(prefixed.prefix)
