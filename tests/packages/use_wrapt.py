"""wrapt==2.5.2: objects in wrappers"""


class Use:
    def process(self, item):
        import wrapt

        @wrapt.decorator
        def loud(wrapped, instance, args, kwargs):
            return wrapped(*args, **kwargs).upper()

        class Speaker:
            @loud
            def say(self, text):
                return text

        proxy = wrapt.ObjectProxy([1, 2])
        proxy.append(3)
        assert Speaker().say("hi") == "HI" and len(proxy) == 3 and isinstance(proxy, list)
        return Speaker.say.__name__
