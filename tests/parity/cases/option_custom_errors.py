from sacred import cli_option


def attempt(*args):
    try:
        cli_option(*args)(lambda args, run: None)
        print(args, "fine")
    except ValueError:
        print(args, "ValueError")


attempt("-a", "--abc")
attempt("a", "--abc")
attempt("-ab", "--abc")
attempt("-a", "abc")
attempt("-a", "--a")
attempt("-a", "--abc-")
attempt("-a", "--a b")
attempt("-1", "--a1")
