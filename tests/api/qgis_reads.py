"""Run by the system's Python, which has QGIS: reads collections of OGC API – Features as QGIS itself does, and prints
for each its layer's features, fields and extent as a line of JSON. Arguments: address, token, names."""

import json
import os
import sys

from qgis.core import QgsApplication, QgsDataSourceUri, QgsFeatureRequest, QgsRectangle, QgsVectorLayer


def layer_of(address: str, token: str, name: str) -> QgsVectorLayer:
    uri = QgsDataSourceUri()
    for key, value in (("url", address), ("typename", name), ("pagingEnabled", "true"), ("pageSize", "7")):
        uri.setParam(key, value)
    uri.setUsername("any")
    uri.setPassword(token)
    return QgsVectorLayer(uri.uri(False), name, "OAPIF")


def read(layer: QgsVectorLayer, box: QgsRectangle) -> dict[str, object]:
    return {
        "name": layer.name(),
        "valid": layer.isValid(),
        "fields": [field.name() for field in layer.fields()],
        "read": [str(one.attribute("name")) for one in layer.getFeatures()],
        "in_box": sum(1 for _ in layer.getFeatures(QgsFeatureRequest(box))),
    }


def main(address: str, token: str, names: list[str], box: list[float]) -> None:
    application = QgsApplication([], False)
    application.initQgis()
    for name in names:
        print(json.dumps(read(layer_of(address, token, name), QgsRectangle(*box))), flush=True)
    application.exitQgis()
    os._exit(0)  # what is left to be torn down falls over the application that is gone


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3].split(","), [float(n) for n in sys.argv[4].split(",")])
