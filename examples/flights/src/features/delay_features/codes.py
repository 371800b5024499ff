"""Integer codes of the categorical inputs, committed so that training and serving share them.

A code is a position, so a new value goes at the END of its tuple: inserting one renumbers the rest and
makes every model trained before read the wrong values. What is not listed has no code and is missing.
"""

ORIGINS = ("EWR", "JFK", "LGA")

_CARRIERS = "9E AA AS B6 DL EV F9 FL HA MQ OO UA US VX WN YV"
_DESTINATIONS = """
    ABQ ACK ALB ANC ATL AUS AVL BDL BGR BHM BNA BOS BQN BTV BUF BUR BWI BZN CAE CAK CHO CHS CLE CLT CMH
    CRW CVG DAY DCA DEN DFW DSM DTW EGE EYW FLL GRR GSO GSP HDN HNL HOU IAD IAH ILM IND JAC JAX LAS LAX
    LEX LGA LGB MCI MCO MDW MEM MHT MIA MKE MSN MSP MSY MTJ MVY MYR OAK OKC OMA ORD ORF PBI PDX PHL PHX
    PIT PSE PSP PVD PWM RDU RIC ROC RSW SAN SAT SAV SBN SDF SEA SFO SJC SJU SLC SMF SNA SRQ STL STT SYR
    TPA TUL TVC TYS XNA
"""

CARRIERS = tuple(_CARRIERS.split())
DESTINATIONS = tuple(_DESTINATIONS.split())

ORIGIN_CODE = {name: code for code, name in enumerate(ORIGINS)}
CARRIER_CODE = {name: code for code, name in enumerate(CARRIERS)}
DESTINATION_CODE = {name: code for code, name in enumerate(DESTINATIONS)}
