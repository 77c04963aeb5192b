"""The unit that a new metric most likely has. People can change it in the admin.

Names: what Zigbee2MQTT (https://www.zigbee2mqtt.io/guide/usage/exposes.html) and Tasmota call things; endings:
Prometheus' base units (https://prometheus.io/docs/practices/naming/).
"""

UNIT_OF_NAME = {
    "temperature": "°C",
    "humidity": "%",
    "pressure": "hPa",
    "battery": "%",
    "co2": "ppm",
    "illuminance": "lx",
    "power": "W",
    "energy": "kWh",
    "current": "A",
    "linkquality": "lqi",
}
UNIT_OF_ENDING = {
    "_celsius": "°C",
    "_bytes": "B",
    "_seconds": "s",
    "_percent": "%",
    "_volts": "V",
    "_amperes": "A",
    "_watts": "W",
    "_joules": "J",
    "_grams": "g",
    "_meters": "m",
    "_hertz": "Hz",
    "_pascals": "Pa",
}


def unit_of(metric: str) -> str:
    """ "" where the name says nothing; of `kitchen.temperature` the last part counts."""
    name = metric.rsplit(".", 1)[-1].lower()
    if unit := UNIT_OF_NAME.get(name):
        return unit
    return next((unit for ending, unit in UNIT_OF_ENDING.items() if name.endswith(ending)), "")
