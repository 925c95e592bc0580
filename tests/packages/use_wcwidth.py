"""wcwidth==0.9.4: how wide text is"""


class Use:
    def process(self, item):
        from wcwidth import wcswidth, wcwidth

        assert wcswidth("コンニチハ") == 10 and wcwidth("\x00") == 0
        return wcswidth("abc")
