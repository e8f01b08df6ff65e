"""Results to be taken away: one output, a zip with its manifest, a contact sheet, an export for an MLS.

Pictures are opened here only when we wrote them ourselves; what strangers made goes through the door.
"""

from staging.exports.disclosure import Links
from staging.exports.links import DownloadLinks
from staging.exports.outside import SECURITY_POLICY
from staging.exports.pieces import Which
from staging.exports.profiles import (
    NOT_LEGAL_ADVICE,
    DisclosureProfile,
    LabelRule,
    Original,
    Profiles,
    QrCode,
    read_profiles,
)
from staging.exports.provenance import FileType
from staging.exports.takeaway import PDF, PNG, Download, Takeaway

__all__ = [
    "NOT_LEGAL_ADVICE",
    "PDF",
    "PNG",
    "SECURITY_POLICY",
    "DisclosureProfile",
    "Download",
    "DownloadLinks",
    "FileType",
    "LabelRule",
    "Links",
    "Original",
    "Profiles",
    "QrCode",
    "Takeaway",
    "Which",
    "read_profiles",
]
