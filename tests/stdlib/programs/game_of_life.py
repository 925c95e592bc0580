"""Cellular automata: the game of life and rule 110."""

INPUT = {"glider": [[1, 0], [2, 1], [0, 2], [1, 2], [2, 2]], "generations": 20, "rule": 110}


def step(cells):
    counts = {}
    for x, y in cells:
        for dx in (-1, 0, 1):
            for dy in (-1, 0, 1):
                if dx or dy:
                    place = (x + dx, y + dy)
                    counts[place] = counts.get(place, 0) + 1
    return {place for place, count in counts.items() if count == 3 or (count == 2 and place in cells)}


class Program:
    def process(self, item):
        cells = {tuple(cell) for cell in item["glider"]}
        sizes = []
        for _ in range(item["generations"]):
            cells = step(cells)
            sizes.append(len(cells))
        row, lines = [0] * 31 + [1], []
        for _ in range(8):
            lines.append("".join(".#"[cell] for cell in row))
            padded = [0, *row, 0]
            row = [item["rule"] >> (padded[i] * 4 + padded[i + 1] * 2 + padded[i + 2]) & 1 for i in range(len(row))]
        blinker = {(0, 1), (1, 1), (2, 1)}
        return {
            "moved": sorted(cells),
            "sizes": sizes,
            "lines": lines,
            "blinker": step(step(blinker)) == blinker != step(blinker),
        }
