"""packaging==26.4: versions, specifiers and requirements"""


class Use:
    def process(self, item):
        from packaging.requirements import Requirement
        from packaging.version import Version

        assert Version("1.10") > Version("1.9") and Version("1.0rc1").is_prerelease
        requirement = Requirement("name[extra]>=1,<2; python_version >= '3.8'")
        assert "1.5" in requirement.specifier and requirement.marker.evaluate()
        return str(requirement.specifier)
