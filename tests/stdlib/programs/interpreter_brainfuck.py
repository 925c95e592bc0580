"""A small virtual machine: a stack language compiled and run."""

INPUT = {
    "hello": "++++++++[>++++[>++>+++>+++>+<<<<-]>+>+>->>+[<]<-]>>.>---.+++++++..+++.>>.<-.<.+++.------.--------.>>+.",
    "forth": ": square dup * ; : sum 0 swap 0 do i + loop ; 7 square 5 sum swap 3 4 > if 100 else 200 then",
}


def run(code):
    jumps, stack = {}, []
    for at, op in enumerate(code):
        if op == "[":
            stack.append(at)
        elif op == "]":
            start = stack.pop()
            jumps[start], jumps[at] = at, start
    tape, out, at, pointer, steps = bytearray(64), bytearray(), 0, 0, 0
    while at < len(code):
        match code[at]:
            case ">":
                pointer += 1
            case "<":
                pointer -= 1
            case "+":
                tape[pointer] = (tape[pointer] + 1) % 256
            case "-":
                tape[pointer] = (tape[pointer] - 1) % 256
            case ".":
                out.append(tape[pointer])
            case "[" if not tape[pointer]:
                at = jumps[at]
            case "]" if tape[pointer]:
                at = jumps[at]
        at += 1
        steps += 1
    return out.decode(), steps


class Forth:
    def __init__(self):
        self.stack, self.words = [], {}

    def block(self, tokens, ends):
        body, depth = [], 0
        for token in tokens:
            if depth == 0 and token in ends:
                return body, token
            depth += (token in ("if", "do")) - (token in ("then", "loop"))
            body.append(token)
        raise SyntaxError(ends)

    def run(self, tokens, index=None):
        stack, tokens = self.stack, iter(tokens)
        for token in tokens:
            match token:
                case ":":
                    name = next(tokens)
                    self.words[name], _ = self.block(tokens, (";",))
                case "if":
                    yes, end = self.block(tokens, ("else", "then"))
                    no = self.block(tokens, ("then",))[0] if end == "else" else []
                    self.run(yes if stack.pop() else no, index)
                case "do":
                    body, _ = self.block(tokens, ("loop",))
                    start, limit = stack.pop(), stack.pop()
                    for n in range(start, limit):
                        self.run(body, n)
                case "i":
                    stack.append(index)
                case "dup":
                    stack.append(stack[-1])
                case "swap":
                    stack[-2:] = stack[:-3:-1]
                case "+" | "*" | ">" | "-":
                    b, a = stack.pop(), stack.pop()
                    stack.append({"+": a + b, "*": a * b, "-": a - b, ">": int(a > b)}[token])
                case word if word in self.words:
                    self.run(self.words[word], index)
                case number:
                    stack.append(int(number))


class Program:
    def process(self, item):
        text, steps = run(item["hello"])
        forth = Forth()
        forth.run(item["forth"].split())
        return {"text": text, "steps": steps, "stack": forth.stack, "words": sorted(forth.words)}
