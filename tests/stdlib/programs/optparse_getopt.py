"""The older command line parsers."""

import getopt
import optparse

INPUT = ["-v", "--output=x.wav", "-n", "3", "--tag", "a", "--tag", "b", "rest", "more"]


class Program:
    def process(self, item):
        parser = optparse.OptionParser("prog")
        parser.add_option("-v", action="store_true", dest="verbose", default=False)
        parser.add_option("-o", "--output", metavar="FILE")
        parser.add_option("-n", type="int", default=1)
        parser.add_option("--tag", action="append")
        parser.set_defaults(mode="auto")
        options, rest = parser.parse_args(item)
        short, left = getopt.getopt(["-a", "-bfoo", "x", "-c"], "ab:c")
        long, _ = getopt.gnu_getopt(["x", "--alpha", "--beta=2", "-c"], "c", ["alpha", "beta="])
        try:
            getopt.getopt(["-z"], "ab")
        except getopt.GetoptError as error:
            unknown = error.opt
        return {
            "options": vars(options),
            "rest": rest,
            "getopt": [short, left],
            "gnu": long,
            "unknown": unknown,
            "quoted": getopt.long_has_args("beta", ["beta="]),
        }
