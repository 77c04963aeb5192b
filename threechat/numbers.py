"""Which of a room's numbers a socket has sent: each at most once."""

WINDOW = 256
WINDOW_BITS = (1 << WINDOW) - 1


class SentNumbers:
    """Remembers the last `WINDOW` numbers as bits, the way IPsec keeps replays out (RFC 4303, section 3.4.3).

    What is older counts as sent: a page that lacks it sees the hole and asks for it.
    """

    __slots__ = ("_bits", "top")

    def __init__(self) -> None:
        self.top = 0  # the highest so far
        self._bits = 0  # bit n: whether top - n was sent

    def start_at(self, number: int) -> None:
        """Numbers up to this one were given before the socket was let in; those it got meanwhile stay known."""
        if number > self.top:
            self._bits = (self._bits << min(number - self.top, WINDOW)) & WINDOW_BITS
            self.top = number

    def is_first(self, number: int) -> bool:
        """Whether `number` was not sent yet; it counts as sent from now on."""
        if number > self.top:
            self._bits = (self._bits << min(number - self.top, WINDOW) | 1) & WINDOW_BITS
            self.top = number
            return True
        age = self.top - number
        if age >= WINDOW or self._bits >> age & 1:
            return False
        self._bits |= 1 << age
        return True
