"""Named tuples, defaultdicts and the User* wrappers."""

from collections import UserDict, UserList, UserString, defaultdict, namedtuple

INPUT = [["ann", 34, "ops"], ["bob", 28, "dev"], ["cid", 45, "ops"]]

Person = namedtuple("Person", "name age team", defaults=["none"])


class Lower(UserDict):
    def __setitem__(self, key, value):
        super().__setitem__(key.lower(), value)


class Program:
    def process(self, item):
        people = [Person._make(row) for row in item]
        teams = defaultdict(list)
        for person in people:
            teams[person.team].append(person.name)
        tree = defaultdict(lambda: defaultdict(int))
        for person in people:
            tree[person.team][person.age // 10 * 10] += 1
        lower = Lower(A=1)
        lower["B"] = 2
        items = UserList([3, 1, 2])
        items.sort()
        return {
            "people": [tuple(p) for p in people],
            "fields": Person._fields,
            "defaults": Person("dee", 1)._asdict(),
            "replaced": people[0]._replace(age=35).age,
            "oldest": max(people, key=lambda p: p.age).name,
            "teams": dict(teams),
            "tree": [[team, sorted(ages.items())] for team, ages in sorted(tree.items())],
            "wrappers": [dict(lower), list(items + [9]), str(UserString("abc").upper() + "!")],
            "renamed": namedtuple("T", "a class a", rename=True)._fields,
        }
