"""pluggy==1.7.0: plugins and hooks"""


class Use:
    def process(self, item):
        import pluggy

        spec, impl = pluggy.HookspecMarker("x"), pluggy.HookimplMarker("x")

        class Spec:
            @spec
            def change(self, n):
                """Change a number."""

        class Add:
            @impl
            def change(self, n):
                return n + 1

        class Multiply:
            @impl(tryfirst=True)
            def change(self, n):
                return n * 10

        manager = pluggy.PluginManager("x")
        manager.add_hookspecs(Spec)
        manager.register(Add())
        manager.register(Multiply())
        assert manager.hook.change(n=2) == [20, 3]
        return len(manager.get_plugins())
