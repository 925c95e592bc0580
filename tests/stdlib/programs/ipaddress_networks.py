"""Addresses and networks, versions 4 and 6."""

import ipaddress

INPUT = ["192.168.1.10", "10.0.0.0/29", "2001:db8::1", "fe80::/10", "127.0.0.1", "300.1.1.1", "10.0.0.1/24"]


class Program:
    def process(self, item):
        kinds = []
        for text in item:
            for make in (ipaddress.ip_address, ipaddress.ip_network, ipaddress.ip_interface):
                try:
                    value = make(text)
                    kinds.append([type(value).__name__, str(value)])
                    break
                except ValueError:
                    continue
            else:
                kinds.append(["invalid", text])
        net = ipaddress.ip_network("10.0.0.0/22")
        six = ipaddress.ip_address("2001:db8::1")
        return {
            "kinds": kinds,
            "hosts": [str(host) for host in ipaddress.ip_network("10.0.0.0/29").hosts()],
            "subnets": [str(part) for part in net.subnets(prefixlen_diff=2)],
            "super": str(net.supernet(new_prefix=16)),
            "contains": [ipaddress.ip_address("10.0.3.7") in net, ipaddress.ip_address("10.0.4.0") in net],
            "masks": [str(net.netmask), str(net.hostmask), str(net.broadcast_address), net.num_addresses],
            "six": [six.exploded, six.compressed, six.reverse_pointer[:10], int(six) % 1000],
            "collapsed": [str(n) for n in ipaddress.collapse_addresses([ipaddress.ip_network(f"10.0.{i}.0/24") for i in range(4)])],
            "summary": [str(n) for n in ipaddress.summarize_address_range(ipaddress.ip_address("10.0.0.1"), ipaddress.ip_address("10.0.0.6"))],
            "flags": [ipaddress.ip_address(a).is_private for a in ("10.1.1.1", "8.8.8.8")],
            "arithmetic": str(ipaddress.ip_address("10.0.0.255") + 1),
            "mapped": str(ipaddress.ip_address("::ffff:1.2.3.4").ipv4_mapped),
            "sorted": [str(a) for a in sorted(map(ipaddress.ip_address, ["10.0.0.10", "10.0.0.9"]))],
        }
