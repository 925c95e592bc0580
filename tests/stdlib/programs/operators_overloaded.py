"""A matrix and a polynomial with every operator; reflected, in-place and comparison forms."""

INPUT = {"a": [[1, 2], [3, 4]], "b": [[0, 1], [1, 0]], "p": [1, -3, 2]}


class Matrix:
    def __init__(self, rows):
        self.rows = [list(row) for row in rows]

    def __matmul__(self, other):
        return Matrix([[sum(x * y for x, y in zip(row, column)) for column in zip(*other.rows)] for row in self.rows])

    def __mul__(self, factor):
        if not isinstance(factor, (int, float)):
            return NotImplemented
        return Matrix([[x * factor for x in row] for row in self.rows])

    __rmul__ = __mul__

    def __iadd__(self, other):
        for row, more in zip(self.rows, other.rows):
            row[:] = [x + y for x, y in zip(row, more)]
        return self

    def __pow__(self, power, modulus=None):
        result = Matrix([[int(i == j) for j in range(len(self.rows))] for i in range(len(self.rows))])
        for _ in range(power):
            result = result @ self
        return result if modulus is None else Matrix([[x % modulus for x in row] for row in result.rows])

    def __eq__(self, other):
        return isinstance(other, Matrix) and self.rows == other.rows

    def __getitem__(self, place):
        if isinstance(place, tuple):
            return self.rows[place[0]][place[1]]
        return self.rows[place]

    def __contains__(self, value):
        return any(value in row for row in self.rows)

    def __bool__(self):
        return any(map(any, self.rows))

    def __neg__(self):
        return self * -1

    def __invert__(self):
        return Matrix(zip(*self.rows))


class Polynomial(tuple):
    def __call__(self, x):
        value = 0
        for factor in self:
            value = value * x + factor
        return value

    def __divmod__(self, root):
        result = []
        for factor in self:
            result.append(factor + (result[-1] * root if result else 0))
        return Polynomial(result[:-1]), result[-1]


class Program:
    def process(self, item):
        a, b = Matrix(item["a"]), Matrix(item["b"])
        p = Polynomial(item["p"])
        try:
            a * "x"
        except TypeError as error:
            refused = type(error).__name__
        same = c = Matrix(item["a"])
        c += b
        return {
            "matmul": (a @ b).rows,
            "scaled": [(a * 2).rows == (2 * a).rows, (-a).rows],
            "power": [(a**3).rows, pow(a, 50, 1000).rows],
            "inplace": [same is c, c.rows],
            "items": [a[0, 1], a[1], a[-1][0]],
            "tests": [4 in a, bool(Matrix([[0]])), a == Matrix([[1, 2], [3, 4]]), a != b],
            "transposed": (~a).rows,
            "polynomial": [[p(x) for x in range(4)], divmod(p, 1), divmod(p, 5)],
            "refused": refused,
            "hash": Matrix.__hash__ is None,
        }
