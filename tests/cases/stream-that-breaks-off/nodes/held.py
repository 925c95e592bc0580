class Held:
    def process(self, item):
        return item

    def cleanup(self):
        print("cleaned up")
