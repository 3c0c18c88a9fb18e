"""What the rules of practice refuse.

CaunoiError
└── Unprocessable
    └── BadPractice   a document that cannot be one, or a day that is over
"""

from backend.errors import Unprocessable


class BadPractice(Unprocessable):
    kind = "bad-practice"
    vi = "Quy định này không hợp lệ."
    en = "These rules are not valid."
