"""What the audit finds.

CaunoiError
└── Conflict
    └── AnchorContradicted   the copy outside the database tells of other events than the database
"""

from backend.errors import Conflict


class AnchorContradicted(Conflict):
    kind = "anchor-contradicted"
    vi = "Bản sao mốc kiểm toán ngoài cơ sở dữ liệu không khớp với cơ sở dữ liệu."
    en = "The copy of the audit anchor outside the database does not match the database."
