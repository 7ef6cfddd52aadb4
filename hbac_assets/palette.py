"""The colours of all pictures: those of Okabe and Ito, which colour-blind people can tell apart.

Okabe and Ito 2008, Color Universal Design (https://jfly.uni-koeln.de/color/). Colour never carries a meaning alone: a
marker, a line style or a label says the same.
"""

VERMILION, ORANGE, YELLOW, GREEN = "#d55e00", "#e69f00", "#f0e442", "#009e73"
BLUE, SKY, PURPLE = "#0072b2", "#56b4e9", "#cc79a7"
GREY, PALE = "#767676", "#dddddd"

CLASS_COLORS = (VERMILION, ORANGE, YELLOW, BLUE, SKY, PALE)
"""Of areas, in the order of `labels.CLASSES`; the last one recedes."""
