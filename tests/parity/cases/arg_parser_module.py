# $
from sacred.arg_parser import get_config_updates
from sacred.experiment import gather_command_line_options

for updates in (
    None,
    [],
    ["a=1", "b=two", "named"],
    ["a.b=3", "a.c=4.5"],
    ["x='quoted'", 'y="other"', "z=[1, 2]"],
    ["variant", "a=None", "other.variant"],
    ["a=b=c", "e="],
    ["path=/a/b.c", "eq=a==b"],
):
    print(get_config_updates(updates))
names = [option.get_name() for option in gather_command_line_options()]
print([name for name in names if "gcs" not in name][:5], len(names) >= 19)
print([option.get_flags() for option in gather_command_line_options()][0])
