"""Classic searches: eight queens, sudoku, edit distance, knapsack, permutations by swaps."""

INPUT = "530070000600195000098000060800060003400803001700020006060000280000419005000080079"


def queens(n, columns=(), left=(), right=()):
    row = len(columns)
    if row == n:
        yield columns
        return
    for c in range(n):
        if c not in columns and row + c not in left and row - c not in right:
            yield from queens(n, (*columns, c), (*left, row + c), (*right, row - c))


def sudoku(cells):
    best = None
    for at in range(81):
        if cells[at] == 0:
            r, c = divmod(at, 9)
            used = set(cells[r * 9 : r * 9 + 9]) | set(cells[c::9])
            for y in range(r // 3 * 3, r // 3 * 3 + 3):
                used |= set(cells[y * 9 + c // 3 * 3 : y * 9 + c // 3 * 3 + 3])
            free = [d for d in range(1, 10) if d not in used]
            if best is None or len(free) < len(best[1]):
                best = (at, free)
    if best is None:
        return cells
    at, free = best
    for digit in free:
        solved = sudoku(cells[:at] + [digit] + cells[at + 1 :])
        if solved:
            return solved
    return None


def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


class Program:
    def process(self, item):
        solved = sudoku([int(c) for c in item])
        best = [0] * 51
        for weight, value in [(10, 60), (20, 100), (30, 120), (5, 30)]:
            for room in range(50, weight - 1, -1):
                best[room] = max(best[room], best[room - weight] + value)
        sieve = bytearray([1]) * 1000
        sieve[:2] = b"\0\0"
        for n in range(2, 32):
            if sieve[n]:
                sieve[n * n :: n] = bytes(len(range(n * n, 1000, n)))
        return {
            "queens": [len(list(queens(6))), next(queens(8))],
            "sudoku": "".join(map(str, solved)),
            "distances": [distance("kitten", "sitting"), distance("", "abc"), distance("same", "same")],
            "knapsack": best[50],
            "primes": [sum(sieve), [n for n in range(1000) if sieve[n]][-3:]],
        }
